Object.setPrototypeOf({}, null)
