"""Our own operations, beside those of OSIA: what is asked, what is answered, one file for each kind of resource."""

OPERATIONS = "/v1/operations"
