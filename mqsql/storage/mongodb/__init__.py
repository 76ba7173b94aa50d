"""Records in a collection of MongoDB: queries are relayed to the server as they are."""
