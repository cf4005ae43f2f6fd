"""Goes over a program in the order of its text: evaluates each node and asks the rules. May import all its siblings."""
