import plotly.graph_objects as go
go.Figure().write_image("figure.png", engine="kaleido")
