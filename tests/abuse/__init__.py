"""Bad inputs, sent on purpose; and what shows that a defence is missed when it is taken away."""
