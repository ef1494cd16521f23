"""Values to put into the templates, from Faker in the locales of one part, all from one seed."""

import random

from faker import Faker

LOCALES = {
    "tuned": ["en_US", "en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "sv_SE"],
    "held-out": ["en_US", "en_AU", "en_CA", "en_IN", "en_IE", "de_AT", "fr_CA", "es_MX", "pl_PL",
                 "pt_BR", "da_DK", "no_NO", "fi_FI", "cs_CZ", "tr_TR", "ja_JP", "en_NZ"],
}
NATIONS = {
    "tuned": ["German", "French", "Swedish", "Italian", "Dutch", "American", "British", "Turkish",
              "Indian", "Mexican", "Nigerian", "Chinese"],
    "held-out": ["Polish", "Danish", "Japanese", "Canadian", "Australian", "Brazilian", "Irish",
                 "Egyptian", "Kenyan", "Finnish", "Vietnamese", "Portuguese", "Chilean"],
}


class Values:
    """Gives a new value for the name of a placeholder."""

    locales = LOCALES
    nation_names = NATIONS

    def __init__(self, part, seed):
        self.random = random.Random(seed)
        self.nations = self.nation_names[part]
        self.fakers = []
        for at, locale in enumerate(self.locales[part]):
            faker = Faker(locale)
            faker.seed_instance(seed * 100 + at)
            self.fakers.append((locale, faker))
        self.us = Faker("en_US")
        self.us.seed_instance(seed * 100 + 99)
        self.next_document()

    def next_document(self):
        """Most documents are of one country."""
        self.locale, self.faker = self.random.choice(self.fakers)

    def names(self):
        if self.locale == "ja_JP":
            return self.faker.first_romanized_name(), self.faker.last_romanized_name()
        return self.faker.first_name(), self.faker.last_name()

    def person(self):
        first, last = self.names()
        form = self.random.random()
        if form < 0.08:
            return f"{first} {self.random.choice('ABCDEFGHJKLMRSTW')}. {last}"
        if form < 0.12:
            return f"{first[0]}. {last}"
        return f"{first} {last}"

    def first(self):
        return self.names()[0]

    def last(self):
        return self.names()[1]

    def last_first(self):
        first, last = self.names()
        return f"{last}, {first}"

    def upper(self):
        first, last = self.names()
        return f"{first} {last}".upper()

    def title_person(self):
        title = self.random.choice(["Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Mr", "Ms", "Dr"])
        first, last = self.names()
        return f"{title} {last}" if self.random.random() < 0.6 else f"{title} {first} {last}"

    def latin(self):
        return self.us if self.locale == "ja_JP" else self.faker

    def org(self):
        return self.latin().company()

    def place(self):
        return self.latin().city()

    def country(self):
        return self.us.country()

    def street(self):
        return self.latin().street_address().replace("\n", ", ")

    def address(self):
        return self.latin().address().replace("\n", ", ")

    def address_lines(self):
        return self.latin().address()

    def zip(self):
        return self.latin().postcode()

    def phone(self):
        return self.faker.phone_number()

    def email(self):
        first, last = (self.us.first_name(), self.us.last_name())
        domain = self.random.choice(["gmail.com", "outlook.com", "posteo.de", "corp-mail.net"])
        return f"{first}.{last}@{domain}".lower()

    def ssn(self):
        return self.us.ssn()

    def passport(self):
        return self.us.passport_number()

    def licence(self):
        return self.random.choice("ABCDEFGH") + str(self.random.randint(1000000, 9999999))

    def iban(self):
        return self.fakers[0][1].random_element([self.us.iban()])

    def card(self):
        return self.us.credit_card_number()

    def dob(self):
        day = self.us.date_of_birth(minimum_age=18, maximum_age=90)
        return day.strftime(self.random.choice(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %B %Y"]))

    def date(self):
        day = self.us.date_between(start_date="-9000d", end_date="-100d")
        forms = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %B %Y", "%B %d, %Y", "%A, %d %B"]
        return day.strftime(self.random.choice(forms))

    def ip(self):
        return self.us.ipv4_public()

    def url(self):
        return "https://www." + self.us.domain_name() + self.random.choice(["", "/team", "/about"])

    def age(self):
        return str(self.random.randint(19, 92))

    def nation(self):
        return self.random.choice(self.nations)

    def mrn(self):
        return str(self.random.randint(1000000, 99999999))

    def account(self):
        return str(self.random.randint(10000000, 9999999999))

    def plate(self):
        return self.us.license_plate()

    def user(self):
        return self.us.user_name()


LABELS = {
    "first": "person", "last": "person", "last_first": "person", "upper": "person",
    "title_person": "person", "org": "organisation", "country": "place", "street": "address",
    "address_lines": "address", "zip": "postcode", "ssn": "id", "passport": "id",
    "licence": "id", "mrn": "id", "account": "id", "nation": "nationality",
    "plate": "id", "user": "username",
}
