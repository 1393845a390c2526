"""SDTM of a data cut: the rows of the casebook as domains of CDISC's tabulation model (SDTMIG 3.4).

An item says where it belongs (`cdisc` of its declaration); `mapping` says how the rows of a form are read,
and `milestones`, `subject_domains` and `design` make what no single row tells. Names and labels of variables
are the standard's own and are not translated.
"""
