"""What is kept of people, why, for how long, and how it goes: the data map and the retention that follows it."""
