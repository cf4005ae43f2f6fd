from sklearn.externals import array_api_compat
