import plotly.offline as po
import plotly.graph_objects as go
po.plot(go.Figure(), filename="/tmp/x.html")
