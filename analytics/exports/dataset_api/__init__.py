"""The REST API of CDISC for Dataset-JSON (draft of 2025), reading alone.

It knows neither 401 nor 404: here, and only here, a bad key, an absent study and a foreign one all have the
same answer, 422, so that nothing can be told apart (AC-02).
"""
