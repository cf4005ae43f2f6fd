x = 1.0
print(f"{'Train R²':>10} {x:{'>'}10} {{literal}} {{'é': {x}}} {x!r:>{10}} {f'{x:.2f} R²':>3}")
d = {"R²": 1}
print(f"{d['R²']:.2f}") if False else None
css = f"""<style>body {{ a: b; }} p {{ c: {x}; }} {{{{}}}}</style>"""
print(css)
