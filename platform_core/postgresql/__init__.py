"""Django's PostgreSQL, with the scope of every statement told to the database; see ADR 17."""

# The setting of a transaction in which PostgreSQL's policies find the scope.
SETTING = "app.scope"
# What a statement says in its own text that is asked before there is a scope.
EVERYWHERE = "/* every organization */"
