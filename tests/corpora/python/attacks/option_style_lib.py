import matplotlib.style as st
st.core.read_style_directory("/tmp")
