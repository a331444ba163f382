"""Operations that compute the plain formulation in a fraction of its time."""
