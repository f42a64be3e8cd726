"""Which events and properties does anybody read? Found in the SQL that people and their tools have written."""
