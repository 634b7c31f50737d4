"""Who somebody is: sessions in signed cookies, roles and what a role carries."""
