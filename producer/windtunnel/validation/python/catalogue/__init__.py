"""What is known of modules and names before a program is read: the policy, and what importing gives.

May import `values`.
"""
