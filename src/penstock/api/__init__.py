"""The Instance Manager contract: one table of endpoints and the wire types that client and server both read.

Field names on the wire stand in this package and nowhere else. It is the door to msgspec.

What is said here of NGINX Instance Manager comes from F5's public documentation (docs.nginx.com/nginx-instance-manager)
and from the public clients that call it; F5 publishes no specification. Where a client of theirs and a document differ,
both are served. What is ours alone is marked "ours" and is invisible to a client that does not look for it.
"""
