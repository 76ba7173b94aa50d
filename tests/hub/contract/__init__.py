"""What a hub asks of a database, and what a user of the hub sees of it: the same of each class (tests/support/hub_kinds.py).

test_shipped    ipyparallel's own tests of a database
test_hub        ipyparallel's hub, which calls each method as it does in a controller
test_records    what is stored comes back
test_odd_values what cannot be stored costs only itself
test_queries    which records a query finds, and what is refused
test_drawn      drawn queries find what the reference finds
test_drops      purges
test_calls      threads, closing, restarts, time limits
test_live       real controllers, engines and clients
"""
