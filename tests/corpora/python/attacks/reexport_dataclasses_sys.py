import dataclasses
dataclasses.sys.modules
