from jinja2 import Template
print(Template("{{ ''.__class__ }}").render())
