"""The token endpoint: browsers start conversations with it and never see the API key."""
