"""The custom resource that is the Speech Engine: created, changed and deleted with its stack."""
