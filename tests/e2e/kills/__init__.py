"""Parts of `test_kills`: what may be there after kills, who writes meanwhile, and the processes that are killed."""
