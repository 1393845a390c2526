"""Sites, members, what a role may do, and how people and programs sign in."""
