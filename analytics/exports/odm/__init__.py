"""ODM-XML of CDISC: the casebook of a lock with what is declared about it, for archives and other systems."""
