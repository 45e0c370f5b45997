"""Deciding over images: from memory where the same was decided before, else in worker processes, once for all who ask.

The front (`engine`) is in the process that answers the API server. It knows which policies are about an image
(`asked`), what was decided (`cache`, `cache_file`), and what is under way (`flights`). Workers (`worker`, `answering`)
speak to registries and verify; `pool` keeps them running and speaks to them in messages (`messages`).
"""
