"""`penstock demo`: the main job, on real nginx, told step by step."""
