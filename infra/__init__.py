"""The stacks as code: settings in, CloudFormation templates out. Knows neither functions nor server."""
