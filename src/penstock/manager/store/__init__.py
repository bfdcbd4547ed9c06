"""What the manager remembers: tables, and one module of statements for each subject.

Functions take a connection, so that a caller can put several into one transaction.
"""
