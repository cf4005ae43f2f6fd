from io import FileIO
