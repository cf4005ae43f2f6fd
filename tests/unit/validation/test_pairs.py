"""Idioms by kind, each beside an attack that is written almost alike: the first passes, the second is refused."""

from __future__ import annotations

import pytest

from windtunnel.validation import SecurityValidator

PAIRS = {
    "the folder of the program": (
        "from pathlib import Path\n"
        "OUT = Path(__file__).resolve().parent / 'results'\n"
        "OUT.mkdir(exist_ok=True)\n"
        "data['x'].to_csv(OUT / 'trades.csv')\n",
        "from pathlib import Path\n"
        "OUT = Path(__file__).resolve().parent.parent / 'results'\n"
        "data['x'].to_csv(OUT / 'trades.csv')\n",
    ),
    "the folder of the program as a text": (
        "import os\n"
        "HERE = os.path.dirname(os.path.abspath(__file__))\n"
        "data['x'].to_csv(os.path.join(HERE, 'trades.csv'))\n"
        "print(os.path.splitext(os.path.basename(__file__)))\n",
        "import os\n"
        "HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\n"
        "data['x'].to_csv(os.path.join(HERE, 'trades.csv'))\n",
    ),
    "the folder that the program runs in": (
        "from pathlib import Path\ndata['x'].to_csv(Path.cwd() / 'trades.csv')\n",
        "from pathlib import Path\ndata['x'].to_csv(Path.cwd() / '..' / 'trades.csv')\n",
    ),
    "a path out of the command line": (
        "import argparse\nfrom pathlib import Path\n"
        "p = argparse.ArgumentParser()\np.add_argument('--out', type=Path, default=Path('out'))\n"
        "print(p.parse_args([]).out)\n",
        "import argparse\nfrom pathlib import Path\n"
        "p = argparse.ArgumentParser()\np.add_argument('--out', type=Path)\n"
        "print(p.parse_args(['--out', '/etc/passwd']).out.read_text())\n",
    ),
    "the attributes of an object as a table": (
        "import json\n"
        "class P:\n    def __init__(self):\n        self.n = 3\n"
        "runs = {'a': P(), 'b': P()}\n"
        "print(json.dumps({name: p.__dict__ for name, p in runs.items()}), [vars(p) for p in runs.values()])\n",
        "class P:\n    def __init__(self):\n        self.how = 'mean'\n"
        "p = P()\nt = p.__dict__\nt['how'] = data['x'].columns[0]\n"
        "print(data['x'].agg(p.how))\n",
    ),
    "attributes given by a table": (
        "class P:\n    def __init__(self, **options):\n        self.__dict__.update(options)\n"
        "    def last(self):\n        return self.frame['Close'].iloc[-1]\n"
        "print(P(frame=data['x']).last())\n",
        "import pandas as pd\n"
        "class P:\n    def how(self):\n        return 'Series'\n"
        "p = P()\np.__dict__.update(how=lambda: 'read_csv')\n"
        "print(getattr(pd, p.how())('/etc/hostname'))\n",
    ),
    "objects that are compared and shown by their tables": (
        "class C:\n    def __init__(self):\n        self.a = 1\n"
        "    def __eq__(self, other):\n        return self.__dict__ == other.__dict__\n"
        "    def __repr__(self):\n        return f'C({self.__dict__})'\n"
        "print(C() == C(), C())\n",
        "import numpy as np\n"
        "class C:\n    def __eq__(self, other):\n        return other['os'].system('id')\n"
        "print(np.__dict__ == C())\n",
    ),
    "objects that are compared with others": (
        "class C:\n    def __eq__(self, table):\n        return table['how'] == 'mean'\n"
        "class P:\n    def __init__(self):\n        self.how = 'mean'\n"
        "p = P()\nprint(C() == p.__dict__, data['x'].agg(p.how))\n",
        "class C:\n    def __eq__(self, table):\n        table['how'] = data['x'].columns[0]\n"
        "class P:\n    def __init__(self):\n        self.how = 'mean'\n"
        "p = P()\nprint(C() == p.__dict__, data['x'].agg(p.how))\n",
    ),
    "the object of a descriptor": (
        "class Positive:\n"
        "    def __set_name__(self, owner, name):\n        self.name = '_' + name\n"
        "    def __get__(self, obj, owner=None):\n        return obj.__dict__[self.name]\n"
        "    def __set__(self, obj, value):\n        obj.__dict__[self.name] = value\n"
        "class Config:\n    window = Positive()\n    def __init__(self, w):\n        self.window = w\n"
        "print(Config(20).window)\n",
        "class Positive:\n"
        "    def __get__(self, obj, owner=None):\n        return obj.__dict__['window']\n"
        "print(Positive().__get__(data, None))\n",
    ),
    "the classes around a class": (
        "class Base:\n    pass\nclass Slip(Base):\n    pass\nclass Tax(Base):\n    pass\n"
        "print([c.__name__ for c in Slip.__mro__], [c() for c in Base.__subclasses__()], Tax.mro())\n",
        "class Base:\n    pass\nprint([c for c in Base.__mro__[-1].__subclasses__()])\n",
    ),
    "what a class says of itself": (
        "from abc import ABC, abstractmethod\n"
        "class Sizer(ABC):\n    @abstractmethod\n    def size(self): ...\n"
        "print(Sizer.__abstractmethods__)\n",
        "from abc import ABC\nclass Sizer(ABC):\n    def size(self): ...\nprint(Sizer.size.__globals__)\n",
    ),
    "the kinds of a class": (
        "from abc import ABC\nclass S(ABC):\n    pass\nclass A(S):\n    pass\n"
        "print([c() for c in S.__subclasses__()])\n",
        "class S:\n    pass\nfor c in (S, object):\n    print(c.__subclasses__())\n",
    ),
    "bytes that are looked at": (
        "import numpy as np\nraw = np.arange(4.0).tobytes()\nprint(np.frombuffer(raw), memoryview(raw).nbytes)\n",
        "import numpy as np\nraw = np.arange(4.0)\nprint(memoryview(raw).nbytes)\n",
    ),
    "a formula of the program's own names": (
        "import statsmodels.formula.api as smf\nf = data['x']\nlags = []\n"
        "for k in range(1, params.get('n', 4)):\n    lags.append(f'lag{k:02d}')\n"
        "print(smf.ols('r ~ ' + ' + '.join(lags), f).fit().params)\n",
        "import statsmodels.formula.api as smf\nf = data['x'].rename(columns={'Open': 'open(1)'})\n"
        "print(smf.ols('r ~ ' + ' + '.join(f.columns), f).fit().params)\n",
    ),
    "a formula with a function of the program": (
        "import statsmodels.formula.api as smf\ndef scaled(x):\n    return x / x.std()\n"
        "print(smf.ols('Close ~ scaled(Volume)', data['x']).fit().params)\n",
        "import pandas as pd\nimport statsmodels.formula.api as smf\n"
        "def pick(how, arg):\n    return getattr(pd, how)(arg)\n"
        "pick('isna', 1)\nprint(smf.ols(\"Close ~ pick('read_csv', '/etc/passwd')\", data['x']).fit().params)\n",
    ),
    "modules under their old names": (
        "from scipy.ndimage.interpolation import shift\nimport scipy.signal.signaltools as tools\n"
        "from pandas_ta.utils import get_offset, verify_series\n"
        "print(shift([1.0, 2.0], 1), tools.detrend([1.0, 2.0]), get_offset(1))\n",
        "from scipy.ndimage.interpolation import _nd_image\nprint(_nd_image)\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAIRS)
def test_an_idiom_passes_and_the_attack_beside_it_does_not(kind: str) -> None:
    honest, attack = PAIRS[kind]
    verdict = SecurityValidator().validate_code(honest)
    assert verdict.safe, verdict.issues
    assert not SecurityValidator().validate_code(attack).safe, attack


def test_getters_are_judged_by_all_their_names_however_they_are_imported() -> None:
    program = "from operator import attrgetter as get\nimport pandas as pd\nprint(get('x', '__globals__')(pd.isna))"
    assert not SecurityValidator().validate_code(program).safe


def test_what_is_given_to_a_seed_sequence_is_judged() -> None:
    program = "import numpy as np\nprint(np.random.SeedSequence(1).spawn({}))"
    assert SecurityValidator().validate_code(program.format("3")).safe
    assert not SecurityValidator().validate_code(program.format("eval('3')")).safe


LANGUAGES = {
    "javascript": (
        "function F() {}\nconst f = new F();\nconsole.log(Object.getPrototypeOf(f) === F.prototype);",
        "console.log(Object.getPrototypeOf(async function () {}).constructor('return 1')());",
    ),
    "java": (
        "import java.util.Scanner;\npublic class H { public static void main(String[] a) {\n"
        'System.out.println(new Scanner("1 2").nextInt()); } }',
        "import java.util.Scanner;\npublic class H { public static void main(String[] a) throws Exception {\n"
        'System.out.println(new Scanner(java.nio.file.Path.of("/etc/passwd")).nextLine()); } }',
    ),
    "cpp": (
        "#include <vector>\nint main() { std::vector<double> v(3); double* p = v.data(); return int(p[1]); }",
        "#include <cstdint>\n#include <vector>\nint main() { std::vector<double> v(3);\n"
        "auto at = reinterpret_cast<std::uintptr_t>(v.data()); *reinterpret_cast<double*>(at - 8) = 0; }",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_languages_tell_them_apart_too(language: str) -> None:
    honest, attack = LANGUAGES[language]
    verdict = SecurityValidator().validate_code(honest, language)
    assert verdict.safe, verdict.issues
    assert not SecurityValidator().validate_code(attack, language).safe
