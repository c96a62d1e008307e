"""Stories for word problems: texts with choices inside, numbers that fit the things counted, and the sums behind."""
