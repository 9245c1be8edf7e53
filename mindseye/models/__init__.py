"""Networks: from a name, a file or a module to a model that is ready to be looked at."""
