"""`python -m analytics.survival`: the estimators on the data of a file."""

from analytics.survival_of_file.command import main

raise SystemExit(main())
