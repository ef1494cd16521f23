"""More kinds of values and more countries, for the parts that make_validation.py makes."""

import hashlib

from values import Values

LOCALES = {
    "validation": ["en_US"] * 6 + ["en_GB", "en_GB", "en_CA", "en_AU", "de_DE", "fr_FR", "es_ES",
                   "it_IT", "pt_PT", "ro_RO", "hu_HU", "hr_HR", "nl_BE", "sv_SE", "fr_CH", "ru_RU"],
    "check": ["en_US"] * 6 + ["en_GB", "en_NZ", "en_IN", "de_CH", "de_AT", "es_CO", "es_CL",
              "pt_BR", "sk_SK", "sl_SI", "et_EE", "lt_LT", "da_DK", "no_NO", "fi_FI", "pl_PL",
              "cs_CZ", "tr_TR", "id_ID", "el_GR"],
}
BANKS = ["{} Bank", "Bank of {}", "{} Savings Bank", "First {} Credit Union", "{} Building Society"]
HOSPITALS = ["{} General Hospital", "{} Medical Center", "St. Mary's Hospital", "{} Clinic"]
UNIVERSITIES = ["{} University", "University of {}", "{} State University", "{} College"]
RELIGIONS = ["Muslim", "Catholic", "Jewish", "Hindu", "Buddhist", "Methodist", "Lutheran",
             "Sikh", "Baptist", "Mormon", "Orthodox", "Quaker"]
NATIONS = ["Belgian", "Romanian", "Hungarian", "Croatian", "Swiss", "Russian", "Peruvian",
           "Ghanaian", "Malaysian", "Korean", "Pakistani", "Greek", "Slovak", "Estonian",
           "American", "British", "Moroccan", "Filipino", "Indonesian", "Scottish", "Cuban"]
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58check(payload):
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        out = ALPHABET[rest] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


class MoreValues(Values):
    locales = LOCALES
    nation_names = {"validation": NATIONS, "check": NATIONS[::-1]}

    def initial(self):
        return self.random.choice("ABCDEFGHJKLMNPRSTW")

    def org_short(self):
        last = [self.us.last_name() for _ in range(3)]
        return self.random.choice([f"{last[0]}-{last[1]}", f"{last[0]} & {last[1]}", f"{last[0]} Group",
                                   f"{last[0]}, {last[1]} and {last[2]}", f"{last[0]} Ltd",
                                   f"{last[0]} Inc", f"{last[0]} and Sons", f"{last[0]} LLC",
                                   f"{last[0]} PLC"])

    def bank(self):
        return self.random.choice(BANKS).format(self.us.last_name())

    def hospital(self):
        return self.random.choice(HOSPITALS).format(self.us.city())

    def uni(self):
        return self.random.choice(UNIVERSITIES).format(self.us.city())

    def state(self):
        return self.us.state()

    def state_abbr(self):
        return self.us.state_abbr(include_territories=False)

    def city_state(self):
        return f"{self.us.city()}, {self.state_abbr()}"

    def pobox(self):
        number = self.random.randint(10, 99999)
        return self.random.choice(["PO Box {}", "P.O. Box {}", "P. O. Box {}", "Box {}"]).format(number)

    def phone_x(self):
        number = self.us.numerify("(###) ###-####").replace("(0", "(2").replace("(1", "(3")
        return number + self.random.choice([" ext. {}", " x{}", "x{}", " ext {}"]).format(
            self.random.randint(100, 9999))

    def domain(self):
        return self.us.domain_name()

    def url(self):
        return self.random.choice([super().url(), "http://" + self.us.domain_name() + "/",
                                   "www." + self.us.domain_name(), self.us.url()])

    def mac(self):
        mac = self.us.mac_address()
        return self.random.choice([mac, mac.upper(), mac.replace(":", "-")])

    def religion(self):
        return self.random.choice(RELIGIONS)

    def expiry(self):
        return self.us.credit_card_expire()

    def licence(self):
        return self.us.bothify(self.random.choice(["?#######", "#########", "?##-###-####", "??######",
                                                   "?############", "########"])).upper()

    def passport(self):
        return self.random.choice([self.us.passport_number(), self.us.numerify("#########"),
                                   self.us.bothify("??#######").upper()])

    def btc(self):
        return base58check(b"\0" + self.random.randbytes(20))

    def eth(self):
        return "0x" + self.random.randbytes(20).hex()

    def day(self):
        return self.us.date_between(start_date="-9000d", end_date="-100d")

    def date_us(self):
        day = self.day()
        return self.random.choice([f"{day.month}/{day.day}/{day:%y}", f"{day.month}/{day.day}/{day.year}",
                                   f"{day:%m/%d/%Y}", f"{day:%m-%d-%Y}"])

    def date_long(self):
        day = self.day()
        end = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(day.day, "th")
        return self.random.choice([f"{day:%B} {day.day}{end}", f"{day.day} {day:%B} {day.year}",
                                   f"{day:%A}, {day:%B} {day.day}", f"{day.day}{end} of {day:%B}",
                                   f"{day:%b} {day.day}, {day.year}", f"{day.day} {day:%b} {day.year}"])

    def date_short(self):
        day = self.day()
        return self.random.choice([f"{day:%d/%m/%y}", f"{day:%d.%m.%y}", f"{day:%Y/%m/%d}",
                                   f"{day.day} {day:%b}", f"{day:%d-%b-%Y}"])

    def month_year(self):
        return f"{self.day():%B %Y}"

    def job(self):
        return self.random.choice(["Buyer", "Project Manager", "Sales Director", "Engineer", "Nurse"])


MORE_LABELS = {
    "org_short": "organisation", "bank": "organisation", "hospital": "organisation",
    "uni": "organisation", "state": "place", "state_abbr": "place", "city_state": "place",
    "pobox": "address", "phone_x": "phone", "domain": "url", "religion": "nationality",
    "date_us": "date", "date_long": "date", "date_short": "date", "month_year": "date",
    "btc": "crypto", "eth": "crypto", "expiry": None, "job": None, "initial": None,
}
