import plotly.graph_objects as go
go.Figure().write_html("/tmp/x.html")
