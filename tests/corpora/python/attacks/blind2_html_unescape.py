import html
def helper(): pass
print(html.unescape("&#123;0.__globals__&#125;").format(helper))
