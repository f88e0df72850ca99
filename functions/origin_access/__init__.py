"""The custom resource that lets CloudFront's VPC origins through to the load balancer."""
