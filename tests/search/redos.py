"""Twenty classic expressions that keep backtracking engines busy, and texts that feed them.

After OWASP's "Regular expression Denial of Service", and the evil patterns of known advisories.
"""

PATTERNS = (
    r"(a+)+$",
    r"([a-zA-Z]+)*$",
    r"(a|aa)+$",
    r"(a|a?)+$",
    r"(.*a){25}$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(x+x+)+y",
    r"(\w+\s?)*!$",
    r"^(\d+)*#$",
    r"(a*)*b$",
    r"((a*)*)*c$",
    r"^([a-z0-9]+)+@([a-z0-9]+)+\.q$",
    r"(.+)+=(.+)+;$",
    r"(?:.*?,){20}P",
    r"(0*)*1~",
    r"^(?:a?){40}a{40}$",
    r"(([^\s]+\s*)+)~$",
    r"(\s+)+~$",
    r"([\w.-]+)+@~",
    r"^.*(.*)*(.*)*(.*)*(.*)*~$",
)

TEXTS = (
    "a" * 60 + "! ",
    "x" * 60 + " z ",
    "aaaa bbbb cccc dddd eeee ffff gggg hhhh " * 3,
    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22 ",
    "0" * 80 + " ",
    "name.name.name.name@host.host.host.host ",
    " " * 60 + "end ",
    "key=value;key=value;key=value;key=value ",
)
