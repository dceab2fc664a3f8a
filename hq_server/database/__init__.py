"""HQ's database: engines and sessions, the tables, their migrations and the lint of the schema. Holds no business rule."""
