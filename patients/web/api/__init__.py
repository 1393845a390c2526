"""The REST door to pages: for programs of people who have signed in. It saves through `save_page` alone."""
