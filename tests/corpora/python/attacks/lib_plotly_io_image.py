import plotly.io as pio
import plotly.graph_objects as go
print(pio.to_image(go.Figure(), "png"))
