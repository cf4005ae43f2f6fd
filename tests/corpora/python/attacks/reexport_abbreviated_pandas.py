from statsmodels.tsa.base import tsa_model
print(tsa_model.pd.io.common.get_handle('/etc/passwd', 'r').handle.read())
