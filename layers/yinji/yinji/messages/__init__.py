"""Messages: what people and offices are told of clearance, in the portal and by mail, through one outbox."""
