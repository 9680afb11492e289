"""placeholder"""
def draw_target(target, store, scale, out):
    return []
