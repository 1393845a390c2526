"""The handbook, served by the application: chapters for people, and what is made of the declarations."""
