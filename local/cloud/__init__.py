"""An AWS on loopback: an emulator, the CDK that deploys to it, and what runs of the deployed."""
