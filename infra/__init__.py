"""The stacks: settings in, CloudFormation templates out. Imports neither functions nor server."""
