"""Object identifiers and their names, each table for one place where identifiers stand.

Theory of operation: an identifier means something only in its place, so the tables are apart, and within each a name
and an identifier belong to each other alone. Names are those of the documents that define them: RFC 5280 and X.520
(attributes, extensions), RFC 3279, 4055, 5480, 5758, 8410 and 9881 (algorithms), RFC 5639 and SEC 2 (curves).
"""

from __future__ import annotations

from collections.abc import Mapping

_ID_AT = "2.5.4."
_ID_CE = "2.5.29."
_ID_PE = "1.3.6.1.5.5.7.1."
_ID_KP = "1.3.6.1.5.5.7.3."
_ID_AD = "1.3.6.1.5.5.7.48."
_PKCS1 = "1.2.840.113549.1.1."
_PKCS9 = "1.2.840.113549.1.9."
_ANSI_X962 = "1.2.840.10045."
_NIST_HASH = "2.16.840.1.101.3.4.2."
_NIST_SIGNATURE = "2.16.840.1.101.3.4.3."
_NIST_KEM = "2.16.840.1.101.3.4.4."
_CERTICOM = "1.3.132.0."
_BRAINPOOL = "1.3.36.3.3.2.8.1.1."

#: X.520, RFC 4519, RFC 2985, and the CA/Browser Forum's for extended validation.
ATTRIBUTES: Mapping[str, str] = {
    _ID_AT + "3": "commonName",
    _ID_AT + "4": "surname",
    _ID_AT + "5": "serialNumber",
    _ID_AT + "6": "countryName",
    _ID_AT + "7": "localityName",
    _ID_AT + "8": "stateOrProvinceName",
    _ID_AT + "9": "streetAddress",
    _ID_AT + "10": "organizationName",
    _ID_AT + "11": "organizationalUnitName",
    _ID_AT + "12": "title",
    _ID_AT + "13": "description",
    _ID_AT + "15": "businessCategory",
    _ID_AT + "16": "postalAddress",
    _ID_AT + "17": "postalCode",
    _ID_AT + "20": "telephoneNumber",
    _ID_AT + "41": "name",
    _ID_AT + "42": "givenName",
    _ID_AT + "43": "initials",
    _ID_AT + "44": "generationQualifier",
    _ID_AT + "45": "x500UniqueIdentifier",
    _ID_AT + "46": "dnQualifier",
    _ID_AT + "65": "pseudonym",
    _ID_AT + "97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "userId",
    "0.9.2342.19200300.100.1.25": "domainComponent",
    _PKCS9 + "1": "emailAddress",
    _PKCS9 + "2": "unstructuredName",
    _PKCS9 + "8": "unstructuredAddress",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
    "1.3.6.1.5.5.7.9.1": "dateOfBirth",  # RFC 3739 3.3.2, in subjectDirectoryAttributes as the next four
    "1.3.6.1.5.5.7.9.2": "placeOfBirth",
    "1.3.6.1.5.5.7.9.3": "gender",
    "1.3.6.1.5.5.7.9.4": "countryOfCitizenship",
    "1.3.6.1.5.5.7.9.5": "countryOfResidence",
}

HASHES: Mapping[str, str] = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "id-sha1",
    _NIST_HASH + "1": "id-sha256",
    _NIST_HASH + "2": "id-sha384",
    _NIST_HASH + "3": "id-sha512",
    _NIST_HASH + "4": "id-sha224",
    _NIST_HASH + "5": "id-sha512-224",
    _NIST_HASH + "6": "id-sha512-256",
    _NIST_HASH + "7": "id-sha3-224",
    _NIST_HASH + "8": "id-sha3-256",
    _NIST_HASH + "9": "id-sha3-384",
    _NIST_HASH + "10": "id-sha3-512",
    _NIST_HASH + "11": "id-shake128",
    _NIST_HASH + "12": "id-shake256",
}

#: Of keys and of signatures: several are both.
ALGORITHMS: Mapping[str, str] = {
    _PKCS1 + "1": "rsaEncryption",
    _PKCS1 + "2": "md2WithRSAEncryption",
    _PKCS1 + "4": "md5WithRSAEncryption",
    _PKCS1 + "5": "sha1WithRSAEncryption",
    _PKCS1 + "7": "id-RSAES-OAEP",
    _PKCS1 + "10": "id-RSASSA-PSS",
    _PKCS1 + "11": "sha256WithRSAEncryption",
    _PKCS1 + "12": "sha384WithRSAEncryption",
    _PKCS1 + "13": "sha512WithRSAEncryption",
    _PKCS1 + "14": "sha224WithRSAEncryption",
    _PKCS1 + "15": "sha512-224WithRSAEncryption",
    _PKCS1 + "16": "sha512-256WithRSAEncryption",
    _NIST_SIGNATURE + "13": "id-rsassa-pkcs1-v1-5-with-sha3-224",
    _NIST_SIGNATURE + "14": "id-rsassa-pkcs1-v1-5-with-sha3-256",
    _NIST_SIGNATURE + "15": "id-rsassa-pkcs1-v1-5-with-sha3-384",
    _NIST_SIGNATURE + "16": "id-rsassa-pkcs1-v1-5-with-sha3-512",
    "1.3.14.3.2.29": "sha1WithRSASignature",
    "1.2.840.10040.4.1": "id-dsa",
    "1.2.840.10040.4.3": "dsa-with-sha1",
    _NIST_SIGNATURE + "1": "dsa-with-sha224",
    _NIST_SIGNATURE + "2": "dsa-with-sha256",
    _NIST_SIGNATURE + "3": "dsa-with-sha384",
    _NIST_SIGNATURE + "4": "dsa-with-sha512",
    "1.2.840.10046.2.1": "dhpublicnumber",
    "1.2.840.113549.1.3.1": "dhKeyAgreement",
    _ANSI_X962 + "2.1": "id-ecPublicKey",
    "1.3.132.1.12": "id-ecDH",
    "1.3.132.1.13": "id-ecMQV",
    _ANSI_X962 + "4.1": "ecdsa-with-SHA1",
    _ANSI_X962 + "4.3.1": "ecdsa-with-SHA224",
    _ANSI_X962 + "4.3.2": "ecdsa-with-SHA256",
    _ANSI_X962 + "4.3.3": "ecdsa-with-SHA384",
    _ANSI_X962 + "4.3.4": "ecdsa-with-SHA512",
    _NIST_SIGNATURE + "9": "id-ecdsa-with-sha3-224",
    _NIST_SIGNATURE + "10": "id-ecdsa-with-sha3-256",
    _NIST_SIGNATURE + "11": "id-ecdsa-with-sha3-384",
    _NIST_SIGNATURE + "12": "id-ecdsa-with-sha3-512",
    "1.3.101.110": "id-X25519",
    "1.3.101.111": "id-X448",
    "1.3.101.112": "id-Ed25519",
    "1.3.101.113": "id-Ed448",
    _NIST_SIGNATURE + "17": "id-ml-dsa-44",
    _NIST_SIGNATURE + "18": "id-ml-dsa-65",
    _NIST_SIGNATURE + "19": "id-ml-dsa-87",
    _NIST_KEM + "1": "id-alg-ml-kem-512",
    _NIST_KEM + "2": "id-alg-ml-kem-768",
    _NIST_KEM + "3": "id-alg-ml-kem-1024",
}

MASKS: Mapping[str, str] = {_PKCS1 + "8": "id-mgf1"}
SOURCES: Mapping[str, str] = {_PKCS1 + "9": "id-pSpecified"}

CURVES: Mapping[str, str] = {
    _ANSI_X962 + "3.1.1": "secp192r1",
    _ANSI_X962 + "3.1.7": "secp256r1",
    _CERTICOM + "33": "secp224r1",
    _CERTICOM + "34": "secp384r1",
    _CERTICOM + "35": "secp521r1",
    _CERTICOM + "8": "secp160r1",
    _CERTICOM + "9": "secp160k1",
    _CERTICOM + "30": "secp160r2",
    _CERTICOM + "31": "secp192k1",
    _CERTICOM + "32": "secp224k1",
    _CERTICOM + "10": "secp256k1",
    _CERTICOM + "1": "sect163k1",
    _CERTICOM + "15": "sect163r2",
    _CERTICOM + "26": "sect233k1",
    _CERTICOM + "27": "sect233r1",
    _CERTICOM + "16": "sect283k1",
    _CERTICOM + "17": "sect283r1",
    _CERTICOM + "36": "sect409k1",
    _CERTICOM + "37": "sect409r1",
    _CERTICOM + "38": "sect571k1",
    _CERTICOM + "39": "sect571r1",
    _BRAINPOOL + "7": "brainpoolP256r1",
    _BRAINPOOL + "8": "brainpoolP256t1",
    _BRAINPOOL + "11": "brainpoolP384r1",
    _BRAINPOOL + "12": "brainpoolP384t1",
    _BRAINPOOL + "13": "brainpoolP512r1",
    _BRAINPOOL + "14": "brainpoolP512t1",
}

EXTENSIONS: Mapping[str, str] = {
    _ID_CE + "9": "subjectDirectoryAttributes",
    _ID_CE + "14": "subjectKeyIdentifier",
    _ID_CE + "15": "keyUsage",
    _ID_CE + "16": "privateKeyUsagePeriod",
    _ID_CE + "17": "subjectAltName",
    _ID_CE + "18": "issuerAltName",
    _ID_CE + "19": "basicConstraints",
    _ID_CE + "30": "nameConstraints",
    _ID_CE + "31": "cRLDistributionPoints",
    _ID_CE + "32": "certificatePolicies",
    _ID_CE + "33": "policyMappings",
    _ID_CE + "35": "authorityKeyIdentifier",
    _ID_CE + "36": "policyConstraints",
    _ID_CE + "37": "extKeyUsage",
    _ID_CE + "46": "freshestCRL",
    _ID_CE + "54": "inhibitAnyPolicy",
    _ID_PE + "1": "authorityInfoAccess",
    _ID_PE + "11": "subjectInfoAccess",
    _ID_PE + "24": "tlsFeature",
    "1.3.6.1.4.1.11129.2.4.2": "signedCertificateTimestampList",
    "1.3.6.1.4.1.11129.2.4.3": "precertificatePoison",
    "1.3.6.1.5.5.7.48.1.5": "id-pkix-ocsp-nocheck",
}

KEY_PURPOSES: Mapping[str, str] = {
    _ID_CE + "37.0": "anyExtendedKeyUsage",
    _ID_KP + "1": "serverAuth",
    _ID_KP + "2": "clientAuth",
    _ID_KP + "3": "codeSigning",
    _ID_KP + "4": "emailProtection",
    _ID_KP + "8": "timeStamping",
    _ID_KP + "9": "OCSPSigning",
}

ACCESS_METHODS: Mapping[str, str] = {
    _ID_AD + "1": "ocsp",
    _ID_AD + "2": "caIssuers",
    _ID_AD + "3": "timeStamping",
    _ID_AD + "5": "caRepository",
}

POLICIES: Mapping[str, str] = {_ID_CE + "32.0": "anyPolicy"}
POLICY_QUALIFIERS: Mapping[str, str] = {"1.3.6.1.5.5.7.2.1": "cps", "1.3.6.1.5.5.7.2.2": "unotice"}
