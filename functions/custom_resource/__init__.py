"""What every custom resource needs: its request, its deadline, and exactly one answer.

Knows nothing of what a resource is. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""
