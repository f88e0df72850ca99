"""The custom resource that stops a deployment early while a secret has no value."""
